# What R's metafor finds for the studies of test_golden_meta.py, each site's own estimate found by R too.
# Rscript tests/golden/r_meta.R ../shared/data > tests/golden/r_meta.txt
suppressPackageStartupMessages({ library(metafor); library(survival) })
data_path <- commandArgs(trailingOnly = TRUE)[1]
cat(R.version.string, "| metafor", as.character(packageVersion("metafor")), "| survival",
    as.character(packageVersion("survival")), "\n")

say <- function(name, values) for (key in names(values)) cat(name, key, sprintf("%.17g", values[[key]]), "\n")

pool <- function(name, y, v) {
  tight <- list(threshold = 1e-14 * max(v), maxiter = 100000)
  fixed <- rma(y, v, method = "FE")
  say(name, list(k = fixed$k, fixed = c(fixed$beta), fixed_se = fixed$se, q = fixed$QE, q_p = fixed$QEp))
  for (method in c("DL", "REML")) {
    tau2 <- rma(y, v, method = method, control = if (method == "REML") tight else list())$tau2
    if (tau2 < 1e-12 * mean(v)) tau2 <- 0  # what Fisher scoring leaves of a maximum at zero
    for (test in c("z", "knha")) {
      fit <- rma(y, v, method = method, tau2 = tau2, test = test)
      label <- paste(name, method, test, sep = ":")
      say(label, list(estimate = c(fit$beta), se = fit$se, p = c(fit$pval), low = fit$ci.lb, high = fit$ci.ub))
      if (test == "z") {
        width <- qt(0.975, fit$k - 2) * sqrt(fit$se^2 + tau2)
        say(label, list(tau2 = tau2, i2 = fit$I2 / 100, h2 = fit$H2, pi_low = c(fit$beta) - width, pi_high = c(fit$beta) + width))
      }
    }
  }
  ends <- confint(rma(y, v, method = "DL"), control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1e6 * mean(v)))$random[1, 2:3]
  say(name, list(tau2_low = ends[[1]], tau2_high = ends[[2]]))
}

compare <- function(name, measure, event, group, site) {
  cells <- table(site, factor(group, 0:1), factor(event, 0:1))
  n <- apply(cells, 1:2, sum)
  cells <- cells[n[, 1] > 0 & n[, 2] > 0, , , drop = FALSE]
  found <- escalc(measure, ai = cells[, 2, 2], bi = cells[, 2, 1], ci = cells[, 1, 2], di = cells[, 1, 1], drop00 = measure != "RD")
  kept <- !is.na(found$yi)
  pool(paste(name, measure, sep = ":"), found$yi[kept], found$vi[kept])
}

means <- function(name, measure, y, group, site) {
  of <- function(level, f) tapply(y[group == level], factor(site[group == level], levels = sort(unique(site))), f)
  kept <- which(table(factor(site, sort(unique(site))), group)[, 1] > 1 & table(factor(site, sort(unique(site))), group)[, 2] > 1)
  found <- escalc(measure, m1i = of(1, mean), sd1i = of(1, sd), n1i = of(1, length), m2i = of(0, mean), sd2i = of(0, sd),
                  n2i = of(0, length), subset = kept)
  pool(paste(name, measure, sep = ":"), found$yi, found$vi)
}

models <- function(name, data, fit_one, term) {
  found <- lapply(split(data, data$site), function(own) tryCatch({
    fit <- suppressWarnings(fit_one(own))
    c(coef(fit)[[term]], vcov(fit)[term, term], max(diag(vcov(fit))))
  }, error = function(e) c(NA, NA, NA)))
  found <- do.call(rbind, found)
  # a column that does not vary has no coefficient; in glm and coxph a variance beyond 1,000 is that of one that separates
  kept <- !is.na(found[, 3]) & found[, 2] > 1e-12 & (term == "age" | found[, 3] < 1e3)
  pool(name, found[kept, 1], found[kept, 2])
}

# The International Stroke Trial: deaths within 14 days, aspirin against none, by country and by hospital.
stroke <- read.csv(gzfile(file.path(data_path, "stroke_trial/IST.csv.gz")))
stroke <- stroke[stroke$ID14 %in% c(0, 1), ]
for (measure in c("OR", "RR", "RD")) {
  compare("country", measure, stroke$ID14, as.integer(stroke$RXASP == "Y"), stroke$COUNTRY)
  compare("hospital", measure, stroke$ID14, as.integer(stroke$RXASP == "Y"), stroke$HOSPNUM)
}

# Heart disease: four hospitals; and the same people dealt to one person's site and 3 or 18 uneven ones.
names_of <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num")
heart <- do.call(rbind, lapply(0:3, function(place) {
  hospital <- c("cleveland", "hungarian", "switzerland", "va")[place + 1]
  own <- read.csv(file.path(data_path, paste0("heart/processed.", hospital, ".data")), header = FALSE, col.names = names_of, na.strings = "?")
  own <- own[, c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")]
  cbind(own[complete.cases(own), ], site = place)
}))
place <- seq_len(nrow(heart)) - 1
spread <- (place * 331) %% nrow(heart)
dealt <- function(sites) ifelse(spread == 0, 0, 1 + pmin(floor((sites - 1) * (spread / nrow(heart))^2), sites - 2))
for (kind in c("4", "3", "18")) {
  own <- heart
  if (kind != "4") own$site <- dealt(as.integer(kind) + 1)
  name <- paste0("heart", kind)
  compare(name, "OR", as.integer(own$num > 0), own$exang, own$site)
  means(name, "MD", own$thalach, own$exang, own$site)
  means(name, "SMD", own$thalach, own$exang, own$site)
  models(paste0(name, ":linear"), own, function(d) lm(thalach ~ age + sex + oldpeak, d), "age")
  models(paste0(name, ":logistic"), own,
         function(d) {
           fit <- glm(num > 0 ~ age + sex + exang, binomial, d, epsilon = 1e-15, maxit = 100)
           glm(num > 0 ~ age + sex + exang, binomial, d, start = coef(fit), epsilon = 1e-15, maxit = 100)  # weights of the end
         }, "exang")
}

# Chronic granulomatous disease: the first infection, 13 hospitals.
cgd <- read.csv(file.path(data_path, "survival/cgd.csv"))
cgd <- cgd[cgd$enum == 1, ]
cgd$site <- cgd$center
cgd$treated <- as.integer(cgd$treat == "rIFN-g")
models("cgd:cox", cgd, function(d) coxph(Surv(tstop, status) ~ treated, d, control = coxph.control(eps = 1e-14, toler.chol = 1e-14, iter.max = 100)), "treated")
