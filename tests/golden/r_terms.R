# What R finds for the formulas with poly() and ns() in test_golden_terms.py, one number a line.
# Rscript tests/golden/r_terms.R ../shared/data > tests/golden/r_terms.txt
library(splines)
library(survival)
cat("#", R.version.string, "| splines", as.character(packageVersion("splines")), "| survival",
    as.character(packageVersion("survival")), "\n")
data_folder <- commandArgs(trailingOnly = TRUE)[1]
names_of_heart <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope",
                    "ca", "thal", "num")
used <- c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")
heart <- do.call(rbind, lapply(c("cleveland", "hungarian", "switzerland", "va"), function(hospital) {
  table <- read.csv(file.path(data_folder, "heart", paste0("processed.", hospital, ".data")), header = FALSE,
                    col.names = names_of_heart, na.strings = "?")
  table <- na.omit(table[, used])
  table$site <- hospital
  table
}))
veteran <- read.csv(file.path(data_folder, "survival", "veteran.csv"))

say <- function(case, name, value) cat(sprintf("%s|%s|%.17g\n", case, name, value), sep = "")

# The curve of ns(x, df) at its knots less the curve at the lowest one: coefficients of the cardinal basis.
at_knots <- function(case, model, term, x) {
  basis <- ns(x[[1]], x[[2]])
  knots <- c(attr(basis, "Boundary.knots")[1], attr(basis, "knots"), attr(basis, "Boundary.knots")[2])
  columns <- paste0(term, seq_len(x[[2]]))
  values <- predict(basis, knots)
  contrast <- sweep(values[-1, , drop = FALSE], 2, values[1, ])
  estimate <- contrast %*% coef(model)[columns]
  variance <- contrast %*% vcov(model)[columns, columns] %*% t(contrast)
  for (j in seq_along(knots)) say(case, sprintf("%s knot %d", term, j), knots[j])
  for (j in seq_along(estimate)) {
    say(case, sprintf("%s estimate %d", term, j), estimate[j])
    say(case, sprintf("%s error %d", term, j), sqrt(variance[j, j]))
  }
}
by_name <- function(case, model, names) for (name in names) {
  say(case, paste(name, "estimate"), coef(model)[name])
  say(case, paste(name, "error"), sqrt(vcov(model)[name, name]))
}
say_all <- function(case, model, predictors) {
  say(case, "log-likelihood", tail(as.numeric(if (inherits(model, "coxph")) model$loglik else logLik(model)), 1))
  for (i in seq_along(predictors)) say(case, sprintf("predictor %d", i), predictors[i])
}
tight <- glm.control(epsilon = 1e-15, maxit = 100)

model <- glm(I(num > 0) ~ ns(age, 4) + poly(trestbps, 3) + factor(sex) + exang, binomial, heart, control = tight)
say_all("logistic", model, predict(model)[1:20])
at_knots("logistic", model, "ns(age, 4)", list(heart$age, 4))
by_name("logistic", model, c(paste0("poly(trestbps, 3)", 1:3), "factor(sex)1", "exang"))

model <- glm(I(num > 0) ~ ns(thalach, 3) * factor(sex), binomial, heart, control = tight)
say_all("interaction", model, predict(model)[1:20])
at_knots("interaction", model, "ns(thalach, 3)", list(heart$thalach, 3))

model <- glm(I(num > 0) ~ ns(age, 4) + factor(site), binomial, heart, control = tight)
say_all("fixed", model, numeric(0))
at_knots("fixed", model, "ns(age, 4)", list(heart$age, 4))

model <- lm(trestbps ~ ns(thalach, 5) + poly(age, 4) * factor(sex), heart)
say_all("linear", model, predict(model)[1:20])
at_knots("linear", model, "ns(thalach, 5)", list(heart$thalach, 5))
by_name("linear", model, c(paste0("poly(age, 4)", 1:4), paste0("poly(age, 4)", 1:4, ":factor(sex)1")))

model <- lm(trestbps ~ 0 + ns(age, 3), heart)
say_all("no intercept", model, predict(model)[1:20])

control <- coxph.control(eps = 1e-15, toler.chol = 1e-16, iter.max = 100)
model <- coxph(Surv(time, status) ~ ns(age, 4) + poly(karno, 2) + trt, veteran, control = control)
say_all("cox", model, numeric(0))
at_knots("cox", model, "ns(age, 4)", list(veteran$age, 4))
by_name("cox", model, c(paste0("poly(karno, 2)", 1:2), "trt"))
