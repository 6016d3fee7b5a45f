# What R finds for the models in test_golden_glm.py: a name and its numbers on each line.
# Rscript tests/golden/r_glm.R RANDHIE.csv ../shared/data/survival/pbc.csv ../shared/data/survival/cgd.csv > tests/golden/r_glm.txt
# where RANDHIE.csv is statsmodels/datasets/randhie/randhie.csv as statsmodels ships it.
library(MASS)
library(sandwich)
cat("#", R.version.string, "| MASS", as.character(packageVersion("MASS")), "| sandwich",
    as.character(packageVersion("sandwich")), "\n")
arguments <- commandArgs(trailingOnly = TRUE)
say <- function(name, ...) cat(name, sprintf("%.17g", c(...)), "\n")
tight <- glm.control(epsilon = 1e-15, maxit = 200)
# Fisher scoring ends where the deviance stands still, which is before the coefficients do: so many steps, and no fewer
many <- glm.control(epsilon = 1e-300, maxit = 100)

hie <- read.csv(arguments[1])
model <- glm.nb(mdvis ~ lncoins + fmde + physlm + disea + hlthp, data = hie, control = tight)
say("nb.estimates", coef(model))
say("nb.errors", sqrt(diag(vcov(model))))
say("nb.overdispersion", 1 / model$theta)
say("nb.log_likelihood", as.numeric(logLik(model)))
say("nb.deviances", model$deviance, model$null.deviance)

pbc <- read.csv(arguments[2])
pbc <- pbc[complete.cases(pbc[, c("bili", "age", "sex", "stage", "albumin")]), ]
full <- suppressWarnings(glm(bili ~ age + sex + factor(stage) + albumin, family = Gamma("log"), data = pbc, control = many))
null <- suppressWarnings(glm(bili ~ age + sex, family = Gamma("log"), data = pbc, control = many))
rows <- coef(summary(full))
say("gamma.estimates", rows[, 1])
say("gamma.errors", rows[, 2])
say("gamma.p_values", rows[, 4])
say("gamma.fit", summary(full)$dispersion, full$deviance, full$null.deviance, full$df.residual)
test <- anova(null, full, test = "F")
say("gamma.f", test$F[2], test$Df[2], test$`Pr(>F)`[2])

weighted <- suppressWarnings(glm(albumin ~ age + sex, family = gaussian, weights = platelet, control = many,
                data = pbc[!is.na(pbc$platelet), ]))
rows <- coef(summary(weighted))
say("gaussian.estimates", rows[, 1])
say("gaussian.errors", rows[, 2])
say("gaussian.p_values", rows[, 4])
say("gaussian.fit", summary(weighted)$dispersion, as.numeric(logLik(weighted)), weighted$null.deviance)

cgd <- read.csv(arguments[3])
cgd$days <- cgd$tstop - cgd$tstart
infections <- suppressWarnings(glm(status ~ treat + age + offset(log(days)), family = poisson, data = cgd, control = many))
say("sandwich.HC0", sqrt(diag(vcovHC(infections, type = "HC0"))))
say("sandwich.HC1", sqrt(diag(vcovHC(infections, type = "HC1"))))
say("sandwich.person", sqrt(diag(vcovCL(infections, cluster = cgd$id, type = "HC1"))))
say("sandwich.site", sqrt(diag(vcovCL(infections, cluster = cgd$center, type = "HC1"))))
by_weight <- lm(weight ~ treat + age, data = cgd)
for (type in c("HC0", "HC1", "HC3")) say(paste0("ols.", type), sqrt(diag(vcovHC(by_weight, type = type))))
say("ols.person", sqrt(diag(vcovCL(by_weight, cluster = cgd$id, type = "HC1"))))
say("ols.site", sqrt(diag(vcovCL(by_weight, cluster = cgd$center, type = "HC1"))))
weighted <- lm(weight ~ treat + age, data = cgd, weights = days)
say("wls.fit", coef(weighted), sqrt(diag(vcov(weighted))), summary(weighted)$sigma, summary(weighted)$r.squared,
    summary(weighted)$adj.r.squared, as.numeric(logLik(weighted)))
for (type in c("HC1", "HC3")) say(paste0("wls.", type), sqrt(diag(vcovHC(weighted, type = type))))
